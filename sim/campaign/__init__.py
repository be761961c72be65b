"""Campaigns: many runs as one piece of work, on the processes of one machine or on a cluster."""
