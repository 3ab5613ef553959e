ARG BASE=scratch
FROM ${BASE}
ARG BINARY
COPY ${BINARY} /function
CMD ["/function"]
