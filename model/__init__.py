"""What serving needs: preprocessing, the bundle, the classifier and video. No TensorFlow in here."""
