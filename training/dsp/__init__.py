"""Bit-exact NumPy references of the firmware's signal processing, and the firmware's own code run natively.

`pdm`, `rfft`, `log2` and `features` define each stage of ``firmware/dsp`` to the bit; `native` compiles that C code for
the host and is what training uses for speed; `tables` writes the constant tables that the C code includes.
"""
