/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef APP_VERSION_H
#define APP_VERSION_H

#define IOMMUSCOPE_VERSION "0.1.0"

#endif
