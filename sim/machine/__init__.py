"""`Machine`: firmware on an emulated board."""
