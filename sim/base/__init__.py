"""What everything stands on: errors, places, output, workers."""
