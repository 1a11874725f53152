"""Bot talks: channels, time, inbox and outbox, wiring, the command line."""
