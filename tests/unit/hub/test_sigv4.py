"""Signature Version 4 against the vendor's published examples (S3, "Signature calculations")."""

from gorae.hub.storage.sigv4 import Keys, presigned_query, signed_headers

KEYS = Keys("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "us-east-1")
HOST = "examplebucket.s3.amazonaws.com"
STAMP = "20130524T000000Z"
EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def test_a_request_in_headers() -> None:
    """The published example "GET Bucket (List Objects)"."""
    query = {"max-keys": "2", "prefix": "J"}
    headers = signed_headers(KEYS, "GET", HOST, "/", query, STAMP, EMPTY)
    assert headers["Authorization"] == (
        "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, "
        "SignedHeaders=host;x-amz-content-sha256;x-amz-date, "
        "Signature=34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"
    )


def test_a_presigned_url() -> None:
    """The published example of query string authentication, a day long."""
    query = presigned_query(KEYS, HOST, "/test.txt", STAMP, 86400)
    assert query.endswith(
        "&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404"
    )
