// Parameters of the event logic as native_events.py gives them: one -DEVENTS_... each, none here.
