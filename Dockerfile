# docker build -t thaw . && docker run -p 8501:8501 -v thaw:/data thaw
FROM python:3.11-slim
RUN useradd --create-home --uid 1000 thaw && mkdir /data && chown thaw /data
WORKDIR /app
COPY requirements.txt .
RUN pip install --no-cache-dir -r requirements.txt
COPY . .
USER thaw
ENV THAW_HOME=/data TORCH_HOME=/data/torch NUMBA_CACHE_DIR=/data/numba
EXPOSE 8501
CMD ["streamlit", "run", "--server.address=0.0.0.0", "--server.headless=true"]
