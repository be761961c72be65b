// The built-in USB host in module _native.
#pragma once

#include <nanobind/nanobind.h>

void bind_usb_host(nanobind::module_& m);
