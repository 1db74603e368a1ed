"""What runs in the target's interpreter when it is probed: Python 3.8 or newer, nothing but the standard library."""
