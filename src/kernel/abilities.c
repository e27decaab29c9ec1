/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What answers need of any kernel, whichever IOMMU driver it has. */
#include "base/cleanup.h"
#include "kernel/ability.h"
#include "kernel/kernel.h"

const struct ability core_abilities[] = {
	{
		.what = "PCI functions",
		.commands = {"devices", "dte", "domains", "groups", "map", "walk", "iommus",
			     "info"},
		.ways = {{NULL,
			  {WAY_ROW(CORE_PCI_ROOT_BUSES), WAY_ROW(CORE_BUS_NODE),
			   WAY_ROW(CORE_BUS_CHILDREN), WAY_ROW(CORE_BUS_DEVICES),
			   WAY_ROW(CORE_BUS_NUMBER), WAY_ROW(CORE_PCI_BUS_LIST),
			   WAY_ROW(CORE_PCI_DEVFN), WAY_ROW(CORE_PCI_DEV)}}},
	},
	{
		.what = "PCI segments",
		.commands = {"devices", "dte", "domains", "groups", "map", "walk"},
		.ways = {{NULL, {WAY_ROW(CORE_BUS_SYSDATA), WAY_ROW(CORE_SYSDATA_DOMAIN)}}},
	},
	{
		.what = "PCI IDs and classes",
		.commands = {"devices"},
		.ways = {{NULL,
			  {WAY_ROW(CORE_PCI_VENDOR), WAY_ROW(CORE_PCI_DEVICE),
			   WAY_ROW(CORE_PCI_CLASS)}}},
	},
	{
		.what = "drivers of devices",
		.commands = {"devices"},
		.ways = {{NULL, {WAY_ROW(CORE_DEVICE_DRIVER), WAY_ROW(CORE_DRIVER_NAME)}}},
	},
	{
		.what = "driver data of devices",
		.commands = {"devices", "dte", "domains", "map", "walk"},
		.ways = {{"device.iommu->priv",
			  {WAY_ROW(CORE_DEV_IOMMU_PRIV), WAY_ROW(CORE_DEVICE_IOMMU)}},
			 {"device.archdata.iommu", {WAY_ROW(CORE_DEVICE_ARCHDATA)}}},
	},
	{
		.what = "IOMMU groups",
		.commands = {"groups", "devices", "domains"},
		.ways = {{NULL,
			  {WAY_ROW(CORE_GROUP_KSET), WAY_ROW(CORE_KSET_LIST),
			   WAY_ROW(CORE_KOBJECT_ENTRY), WAY_ROW(CORE_GROUP_KOBJ),
			   WAY_ROW(CORE_GROUP_ID), WAY_ROW(CORE_DEVICE_GROUP)}}},
	},
	{
		.what = "members of groups",
		.commands = {"groups"},
		.ways = {{"struct group_device",
			  {WAY_ROW(CORE_GROUP_DEVICES), WAY_ROW(CORE_GROUP_DEVICE_LIST),
			   WAY_ROW(CORE_GROUP_DEVICE_DEV)}},
			 {"struct iommu_device",
			  {WAY_ROW(CORE_GROUP_DEVICES), WAY_ROW(CORE_OLD_GROUP_DEVICE_LIST),
			   WAY_ROW(CORE_OLD_GROUP_DEVICE_DEV)}}},
	},
	{
		.what = "domains of groups",
		.commands = {"groups", "domains"},
		.ways = {{NULL, {WAY_ROW(CORE_GROUP_DEFAULT), WAY_ROW(CORE_GROUP_DOMAIN)}},
			 {"none by default, as before Linux 4.2", {WAY_ROW(CORE_DEVICE_ARCHDATA)}}},
	},
	{
		.what = "owners of groups",
		.commands = {"groups", "devices"},
		.by_era = true,
		.ways = {{NULL, {WAY_ROW(CORE_GROUP_OWNER_COUNT)}}},
	},
	{
		.what = "types of domains",
		.commands = {"devices", "domains", "groups"},
		.by_era = true,
		.ways = {{NULL, {WAY_ROW(CORE_DOMAIN_TYPE)}}},
	},
	{
		.what = "the default DMA mode",
		.commands = {"info"},
		.ways = {{"iommu_def_domain_type", {WAY_ROW(CORE_DEF_DOMAIN_TYPE)}},
			 {"iommu_pass_through", {WAY_ROW(CORE_PASS_THROUGH)}}},
	},
	{
		.what = "the command line",
		.commands = {"info"},
		.ways = {{NULL, {WAY_ROW(CORE_COMMAND_LINE)}}},
	},
	{
		.what = "a capture kernel's entries told apart",
		.commands = {"devices", "dte"},
		.ways = {{NULL,
			  {WAY_ROW(CORE_CRASH_RES), WAY_ROW(CORE_RESOURCE_START),
			   WAY_ROW(CORE_RESOURCE_END)}}},
	},
	{
		.what = "the kernel log",
		.commands = {"summary"},
		.ways = {{"struct printk_ringbuffer",
			  {WAY_ROW(CORE_PRB), WAY_ROW(CORE_PRB_COUNT_BITS), WAY_ROW(CORE_PRB_DESCS),
			   WAY_ROW(CORE_PRB_INFOS), WAY_ROW(CORE_PRB_HEAD_ID),
			   WAY_ROW(CORE_PRB_TAIL_ID), WAY_ROW(CORE_PRB_SIZE_BITS),
			   WAY_ROW(CORE_PRB_DATA), WAY_ROW(CORE_PRB_DESC_SIZE),
			   WAY_ROW(CORE_PRB_DESC_STATE), WAY_ROW(CORE_PRB_DESC_BEGIN),
			   WAY_ROW(CORE_PRB_DESC_NEXT), WAY_ROW(CORE_PRINTK_INFO_SIZE),
			   WAY_ROW(CORE_PRINTK_INFO_SEQ), WAY_ROW(CORE_PRINTK_INFO_TIME),
			   WAY_ROW(CORE_PRINTK_INFO_LENGTH), WAY_ROW(CORE_PRINTK_INFO_LEVEL)}},
			 {"struct printk_log",
			  {WAY_ROW(CORE_LOG_BUF), WAY_ROW(CORE_LOG_BUF_LEN),
			   WAY_ROW(CORE_LOG_FIRST_IDX), WAY_ROW(CORE_LOG_NEXT_IDX),
			   WAY_ROW(CORE_LOG_FIRST_SEQ), WAY_ROW(CORE_PRINTK_LOG_SIZE),
			   WAY_ROW(CORE_PRINTK_LOG_TIME), WAY_ROW(CORE_PRINTK_LOG_LENGTH),
			   WAY_ROW(CORE_PRINTK_LOG_TEXT_LENGTH), WAY_ROW(CORE_PRINTK_LOG_LEVEL)}},
			 {"struct log",
			  {WAY_ROW(CORE_LOG_BUF), WAY_ROW(CORE_LOG_BUF_LEN),
			   WAY_ROW(CORE_LOG_FIRST_IDX), WAY_ROW(CORE_LOG_NEXT_IDX),
			   WAY_ROW(CORE_LOG_FIRST_SEQ), WAY_ROW(CORE_OLD_LOG_SIZE),
			   WAY_ROW(CORE_OLD_LOG_TIME), WAY_ROW(CORE_OLD_LOG_LENGTH),
			   WAY_ROW(CORE_OLD_LOG_TEXT_LENGTH), WAY_ROW(CORE_OLD_LOG_LEVEL)}}},
	},
};

const size_t n_core_abilities = ARRAY_SIZE(core_abilities);
