"""Line and branch coverage of firmware from ordinary runs, without instrumentation and at no cost in time."""

from emberwatch.inspect.coverage.collector import VARIABLE, disable, enable, enabled, flush, start

__all__ = ["VARIABLE", "disable", "enable", "enabled", "flush", "start"]
