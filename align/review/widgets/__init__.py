"""Widgets of the screens. They render and send messages; they change no data."""
