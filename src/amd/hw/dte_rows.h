/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The device table entry, bit by bit: ROW(enumerator, struct field). Included once by dte.h for the
 * enumerators and once by dte.c for the rows, so a field is one entry here. No include guard.
 */
ROW(V, FLAG(0, "v", "Valid", NULL,
	    "Bits 127:0 hold; 0: DMA passes untranslated and unchecked"))
ROW(TV, FLAG(1, "tv", "Translation valid", "v",
	     "The translation fields hold; 0: DMA that needs a translation is blocked"))
ROW(RESERVED_2, RESERVED(2, 2))
ROW(CXL_MEM_ATTR, HEX(4, 3, "cxl_mem_attr", "CXL memory attribute", "tv",
		      "Chooses the CXL.io bit of ATS completions; reserved before Rev 3.11"))
ROW(HAD, ENUM(7, 2, "had", "Host accessed/dirty", had_values, "tv",
	      "Which of the A and D bits hardware sets in the host page table"))
ROW(MODE, ENUM(9, 3, "mode", "Paging mode", mode_values, "tv",
	       "Levels of the host page table; 0: DMA is not translated by the host"))
ROW(PT_ROOT, ADDRESS(12, 40, 12, "pt_root", "Host page table root", "mode",
		     "Physical address of the host (v1) page table's top level"))
ROW(PPR, FLAG(52, "ppr", "Page requests", "v",
	      "The device's page requests (PPR) are logged; 0: they are answered as failed"))
ROW(GPRP, FLAG(53, "gprp", "PASID in PPR responses", "ppr",
	       "Responses to page requests carry the PASID"))
ROW(GIOV, FLAG(54, "giov", "Guest I/O protection", "gv",
	       "Requests without a PASID use the guest tables of PASID 0"))
ROW(GV, FLAG(55, "gv", "Guest translation valid", "tv",
	     "Guest (v2) page tables are used, found through the GCR3 table"))
ROW(GLX, ENUM(56, 2, "glx", "GCR3 table levels", glx_values, "gv",
	      "Levels of the GCR3 table, which a PASID indexes"))
ROW(GCR3_ROOT, FIRST_PIECE(58, 3, FIELD_ADDRESS, 12, "gcr3_root", "GCR3 table root", "gv",
		       "Address of the GCR3 table's top level"))
ROW(IR, FLAG(61, "ir", "Reads allowed", "tv", "DMA may read, where the page tables also say so"))
ROW(IW, FLAG(62, "iw", "Writes allowed", "tv", "DMA may write, where the page tables also say so"))
ROW(RESERVED_63, RESERVED(63, 1))
ROW(DOMAIN_ID, HEX(64, 16, "domain_id", "Domain ID", "v",
		   "Tags this device's translations in the IOMMU's caches"))
ROW(GCR3_ROOT_1, PIECE(80, 16, FIELD_ADDRESS, 15, "gcr3_root"))
ROW(I, FLAG(96, "i", "IOTLB enabled", "v",
	    "The device may ask for translations (ATS) and keep them in its own IOTLB"))
ROW(SE, FLAG(97, "se", "Suppress repeated faults", "v",
	     "Only the first I/O page fault of this device is logged"))
ROW(SA, FLAG(98, "sa", "Suppress all faults", "v", "No I/O page fault of this device is logged"))
ROW(IO_CTL, ENUM(99, 2, "io_ctl", "Port I/O control", io_ctl_values, "v",
		 "What happens to the device's port I/O requests"))
ROW(CACHE, FLAG(101, "cache", "IOTLB cache hint", "v",
		"Hint on caching the translations that the device asks for"))
ROW(SD, FLAG(102, "sd", "Snoop disable", "v",
	     "Page-table walks for this device do not snoop the processors' caches"))
ROW(EX, FLAG(103, "ex", "Exclusion range allowed", "v",
	     "Accesses to the IOMMU's exclusion range pass untranslated"))
ROW(SYS_MGT, ENUM(104, 2, "sys_mgt", "System management", sys_mgt_values, "v",
		  "What happens to writes to the system management range"))
ROW(SATS, FLAG(106, "sats", "Secure ATS", "v", "Translated (ATS) requests are checked again"))
ROW(GCR3_ROOT_2, PIECE(107, 21, FIELD_ADDRESS, 31, "gcr3_root"))
ROW(IV, FLAG(128, "iv", "Interrupt map valid", NULL,
	     "The interrupt fields hold; 0: interrupts pass unmapped"))
ROW(INT_TAB_LEN, ENUM(129, 4, "int_tab_len", "Interrupt table length", int_tab_len_values, "iv",
		      "Log2 of the number of interrupt remapping table entries"))
ROW(IG, FLAG(133, "ig", "Ignore unmapped interrupts", "iv",
	     "An interrupt that is not mapped logs no event"))
ROW(IRT_ROOT, ADDRESS(134, 46, 6, "irt_root", "Interrupt table root", "iv",
		      "Physical address of the interrupt remapping table"))
ROW(RESERVED_180, RESERVED(180, 2))
ROW(GUEST_PAGING_MODE, ENUM(182, 2, "guest_paging_mode", "Guest paging mode",
			    guest_paging_mode_values, "gv", "Levels of the guest page tables"))
ROW(INIT_PASS, FLAG(184, "init_pass", "INIT passes", "iv", "INIT interrupts pass unmapped"))
ROW(EINT_PASS, FLAG(185, "eint_pass", "ExtInt passes", "iv", "ExtInt interrupts pass unmapped"))
ROW(NMI_PASS, FLAG(186, "nmi_pass", "NMI passes", "iv", "NMI interrupts pass unmapped"))
ROW(HPT_MODE, FLAG(187, "hpt_mode", "Host page table mode", "tv",
		   "Hint on how the host page table is used"))
ROW(INT_CTL, ENUM(188, 2, "int_ctl", "Interrupt control", int_ctl_values, "iv",
		  "What happens to fixed and arbitrated interrupts"))
ROW(LINT0_PASS, FLAG(190, "lint0_pass", "LINT0 passes", "iv",
		     "LINT0 (legacy PIC) interrupts pass unmapped"))
ROW(LINT1_PASS, FLAG(191, "lint1_pass", "LINT1 passes", "iv",
		     "LINT1 (legacy NMI) interrupts pass unmapped"))
ROW(RESERVED_192, RESERVED(192, 15))
ROW(VIMU_EN, FLAG(207, "vimu_en", "Virtual IOMMU enabled", "v",
		  "The device belongs to a guest that has a hardware-assisted virtual IOMMU"))
ROW(GDEVICE_ID, HEX(208, 16, "gdevice_id", "Guest device ID", "vimu_en",
		    "Device ID (BDF) by which the guest knows the device"))
ROW(GUEST_ID, HEX(224, 16, "guest_id", "Guest ID", "vimu_en",
		  "Which guest's virtual IOMMU the device belongs to"))
ROW(RESERVED_240, RESERVED(240, 5))
ROW(IGNORED_245, IGNORED(245, 1))
ROW(ATTR_V, FLAG(246, "attr_v", "Attributes valid", "v", "Mode0FC and SnoopAttribute hold"))
ROW(MODE0_FC, FLAG(247, "mode0_fc", "Mode 0 force coherent", "attr_v",
		   "Stands in for a page table entry's FC bit when the mode is 0"))
ROW(SNOOP_ATTR, HEX(248, 8, "snoop_attr", "Snoop attributes", "attr_v",
		    "Snoop attribute of ATS completions for each guest PAT type"))
