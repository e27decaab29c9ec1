/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What makes a file a kernel module, without the kernel's headers, which would be 15 MB more to
 * fetch for each series and tools that do not run on an older system. The includer has defined
 * MODULE_NAME and MODULE_INIT. Such a module can only call exported functions whose arguments have
 * kept their meaning in all the kernels (5.10 to 7.2).
 *
 * What has to be known of struct module, the rig takes from another module of the same kernel
 * (vmrig/kmodule.py): MODULE_SIZE, INIT_OFFSET, NAME_OFFSET, VERMAGIC.
 */
#define MODINFO(name, text)                                                                        \
	static const char modinfo_##name[]                                                         \
		__attribute__((used, section(".modinfo"), aligned(1))) = #name "=" text

MODINFO(license, "GPL");
MODINFO(name, MODULE_NAME);
MODINFO(retpoline, "Y");
MODINFO(vermagic, VERMAGIC);

struct {
	char before_name[NAME_OFFSET];
	char name[INIT_OFFSET - NAME_OFFSET];
	int (*init)(void);
	char after_init[MODULE_SIZE - INIT_OFFSET - sizeof(void *)];
} __this_module __attribute__((section(".gnu.linkonce.this_module"), aligned(64))) = {
	.name = MODULE_NAME,
	.init = MODULE_INIT,
};
