"""Writing to people first: consent, sending policy, reminders."""
