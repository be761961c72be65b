"""Training: synthetic alarms, data sets, features, the network, quantisation and the .tflite to C compiler."""
