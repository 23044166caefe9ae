"""What student code prints is kept up to a limit, and printing never fails."""

from __future__ import annotations

from grader.worker.capture import Capture, text_stream


def test_what_was_printed_is_taken_once():
    capture = Capture(100)
    print("loss", 0.5, file=text_stream(capture))
    assert capture.take() == "loss 0.5\n"
    assert capture.take() == ""


def test_too_much_is_cut_at_the_limit_and_counted():
    capture = Capture(5)
    stream = text_stream(capture)
    for _ in range(100):
        stream.write("0123456789")
    assert capture.take() == "01234\n[... 995 more bytes of output were cut]"
    stream.write("anew")
    assert capture.take() == "anew"


def test_binary_output_is_kept_as_text():
    capture = Capture(100)
    text_stream(capture).buffer.write(b"\xff\x00ok")
    assert capture.take() == "\\xff\x00ok"


def test_lone_surrogates_can_be_printed():
    capture = Capture(100)
    text_stream(capture).write("\udc80")
    assert capture.take() == "\\udc80"


def test_closing_the_stream_does_not_stop_later_prints():
    capture = Capture(100)
    stream = text_stream(capture)
    stream.close()
    print("still here", file=stream)
    assert capture.take() == "still here\n"
