FROM compose-bb
COPY message /other
CMD ["sleep", "1000"]
