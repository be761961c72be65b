"""Steps written down: in scenario files, on command lines, in Wokwi's scenarios, as requests of other programs."""
