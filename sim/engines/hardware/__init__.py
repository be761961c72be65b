"""A board on this computer instead of an emulated one: what programs it, its serial port, the engine made of both."""
