ARG BASE
FROM ${BASE}
WORKDIR /function
COPY site site
COPY function.py .
RUN ["python3", "-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash", "."]
ENV PYTHONPATH=/function/site
# Some base images wrap every command in a script: that is not what is measured.
ENTRYPOINT []
CMD ["python3", "-m", "awslambdaric", "function.handler"]
