"""The road of a transfer-learning tutorial as commands: a baseline of many classes, then the alarm task on its layers.

TensorFlow is imported only when something is trained.
"""
