"""Sound for the emulated microphone: files, generated sounds, scenarios, and the microphone's bit-exact reference."""
