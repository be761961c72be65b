"""The network, its training and int8 conversion, and the Python twin of the firmware's event logic.

TensorFlow is imported inside functions only, so that everything else works without it.
"""
