"""One page about a campaign; see `page`."""
