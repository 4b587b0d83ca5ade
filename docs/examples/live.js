const tasks = new Map();
let cursor = null, delay = 500;

async function load() {
  tasks.clear();
  for (let url = "/api/tasks/?cursor=&page_size=200"; url; ) {
    const page = await (await fetch(url)).json();
    for (const task of page.results) tasks.set(task.id, task);
    url = page.next;
  }
}

async function apply(message) {
  if (message.resync || (message.event === "connected" && cursor === null)) await load();
  else if (message.event === "task.deleted") tasks.delete(message.task_id);
  else if (message.title) tasks.set(message.task_id, message);
  if (message.event !== "connected" || cursor === null) cursor = message.cursor;
  delay = 500;
}

export function follow(show) {
  const socket = new WebSocket(`${location.origin.replace("http", "ws")}/ws/tasks/`);
  let queue = Promise.resolve();
  socket.onopen = () => cursor && socket.send(JSON.stringify({ resume: cursor }));
  socket.onmessage = ({ data }) => {
    queue = queue.then(() => apply(JSON.parse(data))).then(() => show("Live", [...tasks.values()]));
    queue.catch(() => socket.close());
  };
  socket.onclose = ({ code }) => {
    show(code === 4401 ? "Signed out" : "Offline", [...tasks.values()]);
    if (code !== 4401) setTimeout(follow, (delay = Math.min(2 * delay, 30000)), show);
  };
}
