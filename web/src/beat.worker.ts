/** Says every second that a second is over. Timers of a worker go on where a hidden page's own are held back to one a minute. */
setInterval(() => postMessage(0), 1000);
