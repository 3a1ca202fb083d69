"""What the screens are made of. Widgets paint; they decide nothing."""
