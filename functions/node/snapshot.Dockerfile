ARG BASE
FROM ${BASE}
COPY function.js snapshot.js /function/
RUN ["node", "--snapshot-blob", "/function/function.blob", "--build-snapshot", "/function/snapshot.js"]
# Some base images wrap every command in a script: that is not what is measured.
ENTRYPOINT []
CMD ["node", "--snapshot-blob", "/function/function.blob"]
