"""Telegram and WhatsApp as servers of our own that enforce the platforms' limits; for trying out and for tests."""
