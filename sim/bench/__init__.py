"""Speed and cycle figures, as ratios measured in one run."""
