# figment in a container, with what keeps runs on stores (docs/cloud.md):
#
#   docker build -t figment .
#   docker run --rm -v "$PWD:/pictures" figment train my-pictures --for 20m
#   docker run --rm --gpus all -v "$PWD:/pictures" figment resume gs://my-runs/faces --data my-pictures
#
# For machines without an NVIDIA GPU PyTorch's small build will do:
#   docker build --build-arg PIP_EXTRA_INDEX_URL=https://download.pytorch.org/whl/cpu -t figment .
FROM python:3.12-slim

ARG PIP_EXTRA_INDEX_URL=
COPY . /figment
RUN pip install --no-cache-dir -c /figment/constraints.txt '/figment[gcs,s3,azure]' && rm -r /figment

# What is made belongs to whoever runs it: a user without rights by default, another by docker run --user.
RUN useradd --create-home figment
USER figment
ENV FIGMENT_CACHE=/tmp/figment-cache
WORKDIR /pictures

# docker stop sends SIGTERM: figment saves, and uploads; give it the time with --stop-timeout 30.
STOPSIGNAL SIGTERM
ENTRYPOINT ["figment"]
CMD ["--help"]
