"""Line and branch coverage of firmware from ordinary runs, without instrumentation and at no cost in time."""

from emberwatch.inspect.coverage.collector import VARIABLE, attach, disable, enable, enabled, flush

__all__ = ["VARIABLE", "attach", "disable", "enable", "enabled", "flush"]
