# SPDX-License-Identifier: GPL-2.0-or-later
# For gdb inside crash (gdb source crash_devices.gdb): of each device that the AMD driver serves the
# segment, the device ID and its domain's ID. From Linux 5.19 on, where segments have their lists.
set $off = (unsigned long)&((struct iommu_dev_data *)0)->dev_data_list
set $head = &amd_iommu_pci_seg_list
set $link = $head->next
while $link != $head
  set $seg = (struct amd_iommu_pci_seg *)((char *)$link - (unsigned long)&((struct amd_iommu_pci_seg *)0)->list)
  set $node = $seg->dev_data_list.first
  while $node != 0
    set $data = (struct iommu_dev_data *)((char *)$node - $off)
    printf "%04x:%04x %d\n", $seg->id, $data->devid, $data->domain ? $data->domain->id : -1
    set $node = $node->next
  end
  set $link = $link->next
end
