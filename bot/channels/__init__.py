"""Ways to reach people, each behind the one contract of `channel.py`."""
