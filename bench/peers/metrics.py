"""The metrics of the benchmark's readings and the values that are valid."""

RANGES = {
    "temperature": (-40, 85),
    "humidity": (0, 100),
    "air_quality": (0, 500),
    "light": (0, 100000),
    "loudness": (0, 2000),
}
