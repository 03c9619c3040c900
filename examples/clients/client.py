"""Call a running app from Python: `pip install gradio_client`, then `python client.py URL IMAGE [CLIP]`."""

import sys

from gradio_client import Client, handle_file

url, image, *clips = sys.argv[1:]
app = Client(url, verbose=False)

answer = app.predict(handle_file(image), api_name="/predict_image")
for entry in answer["confidences"]:
    print(f"{entry['confidence']:.3f} {entry['label']}")

heat = app.predict(handle_file(image), answer["label"], api_name="/explain_image")
print(f"why “{answer['label']}”: {heat}")

for clip in clips:
    # Results arrive while the clip is read; the last one covers the whole clip.
    for results in app.submit(handle_file(clip), 5, api_name="/predict_video"):  # five frames of each second
        total, seconds, frames, segments, status, timeline, files = results
    for label, start, end, *_ in segments["data"]:
        print(f"{start:.1f} s to {end:.1f} s: {label}")
