import './style.css';
import { createRoot } from 'react-dom/client';
import { App } from './App';

const root = document.getElementById('console');
if (!root) throw new Error('index.html has no #console');
createRoot(root).render(<App />);
