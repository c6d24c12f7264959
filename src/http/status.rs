//! The statuses that we send. One that is not in this table cannot be sent.

use std::fmt;

use crate::table::table;

table! {
    /// A status code with RFC 9110's phrase for it.
    pub enum Status: (u16, &'static str) {
        /// The answer.
        Ok = (200, "OK"),
        /// The request was read, and there is nothing to answer.
        Accepted = (202, "Accepted"),
        /// The head, the framing or the body cannot be read.
        BadRequest = (400, "Bad Request"),
        /// The key is missing or wrong.
        Unauthorized = (401, "Unauthorized"),
        /// A page of another site sends the request through a browser.
        Forbidden = (403, "Forbidden"),
        /// Nothing is served at the path.
        NotFound = (404, "Not Found"),
        /// Something is, for another method.
        MethodNotAllowed = (405, "Method Not Allowed"),
        /// Head or body came too slowly.
        RequestTimeout = (408, "Request Timeout"),
        /// The body is over the bound.
        ContentTooLarge = (413, "Content Too Large"),
        /// The request line alone is over the bound of the head.
        UriTooLong = (414, "URI Too Long"),
        /// `Expect` has another value than `100-continue`.
        ExpectationFailed = (417, "Expectation Failed"),
        /// The body is JSON of another form.
        UnprocessableContent = (422, "Unprocessable Content"),
        /// The head is over the bound.
        RequestHeaderFieldsTooLarge = (431, "Request Header Fields Too Large"),
        /// A handler panicked.
        InternalServerError = (500, "Internal Server Error"),
        /// A method or a transfer coding is unknown.
        NotImplemented = (501, "Not Implemented"),
        /// There is no memory for the request, or nothing to report.
        ServiceUnavailable = (503, "Service Unavailable"),
        /// Not a version of HTTP/1.
        HttpVersionNotSupported = (505, "HTTP Version Not Supported"),
    }
}

impl Status {
    /// The number.
    pub fn code(self) -> u16 {
        self.row().0
    }

    /// The phrase behind the number.
    pub(super) fn reason(self) -> &'static str {
        self.row().1
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.code().fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As sections 15.3 to 15.6 of RFC 9110 have them, and RFC 6585 for 431.
    #[test]
    fn every_status_has_the_phrase_of_its_rfc() {
        let sent = Status::ALL.iter().map(|status| format!("{status} {}", status.reason()));
        assert_eq!(
            sent.collect::<Vec<_>>(),
            [
                "200 OK",
                "202 Accepted",
                "400 Bad Request",
                "401 Unauthorized",
                "403 Forbidden",
                "404 Not Found",
                "405 Method Not Allowed",
                "408 Request Timeout",
                "413 Content Too Large",
                "414 URI Too Long",
                "417 Expectation Failed",
                "422 Unprocessable Content",
                "431 Request Header Fields Too Large",
                "500 Internal Server Error",
                "501 Not Implemented",
                "503 Service Unavailable",
                "505 HTTP Version Not Supported",
            ]
        );
    }
}
