"""What making a model needs: data set, augmentation, architectures, fitting, evaluation, export."""
