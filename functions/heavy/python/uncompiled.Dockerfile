ARG BASE
FROM ${BASE}
WORKDIR /function
COPY site site
COPY function.py .
ENV PYTHONPATH=/function/site
# Some base images wrap every command in a script: that is not what is measured.
ENTRYPOINT []
CMD ["python3", "-m", "awslambdaric", "function.handler"]
