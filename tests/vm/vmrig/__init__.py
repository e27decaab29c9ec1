# SPDX-License-Identifier: GPL-2.0-or-later
"""Real kernels on QEMU's amd-iommu, dumped: see tests/vm/README.md."""
