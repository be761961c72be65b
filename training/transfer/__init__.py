"""Transfer learning: a baseline of many classes, then the alarm task on its feature layers.

TensorFlow is imported only when something is trained.
"""
