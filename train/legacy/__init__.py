"""What older Keras systems saved: checked as data, built from Keras's own layers, made flat."""
