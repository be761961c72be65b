"""Data sets: adapters that list clips, groups and folds that keep recordings apart, scenes for training, features."""
