"""Data folders: listing, splitting, decoding, augmentation and batches."""
