"""Mining: sentences with the same meaning anywhere in a store or corpus."""
